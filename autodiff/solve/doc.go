// Package solve finds roots, fixed points, minima and least squares, and solves differential equations. What it returns
// are nodes that can be differentiated by the parameters of the problem.
//
// Vocabulary:
//
//   - An implicit function is known by an equation that its value solves. [Root], [FixedPoint], [Minimize] and
//     [LeastSquares] are differentiated by the implicit function theorem, however the value was found.
//   - A residual is what should be 0: f at a root, the change of a fixed point in a step, the slope at a minimum. Those of
//     least squares are what a model is off by, and only their slope is 0.
//   - [ODE] follows dy/dt = f(t, y, p). Its gradient goes back through the steps that were taken, or solves the
//     [Adjoint] equation backward in time.
package solve
