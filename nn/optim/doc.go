// Package optim has the rules by which parameters follow their gradients.
//
// Vocabulary: a rule takes the parameters of a model with their gradients to the next parameters. What it remembers between
// steps is its state: tensors of their own shapes, each in a slot with a name, such as "m/Layers[0].Weight". A transform changes
// gradients before a rule sees them. The rate η is the length of a step, and a schedule says how it goes with the steps.
//
// A rule builds nodes. The whole step, state, schedule and clipping included, is one program:
//
//	rule := optim.Chain(optim.AdamW{Rate: optim.WarmupCosine(1e-3, 100, 5000, 0.1)}, optim.ClipGlobalNorm(1))
//	state, err := optim.NewState[*Model](rule, model)
//	step := autodiff.Compile(func(m *Model, s []*graph.Node, x, y *graph.Node) (*graph.Node, *Model, []*graph.Node) {
//		l, grads := autodiff.ValueAndGrad(func(m *Model) *graph.Node { return cost(m, x, y) })(m)
//		next, kept, _ := optim.Update(rule, m, grads, s, optim.Input{Loss: l})
//		return l, next, kept
//	}, autodiff.Donate(0, 1), autodiff.Donate(1, 2))
//
// nn/train does that for you. A rule of one's own is a type with one method, Next.
//
// Fields that are 0 stand for the defaults of PyTorch, which the fields' comments name. Where 0 itself is meant and is not
// the default, give [Zero]. Formulas are PyTorch's to the last rounding but one, and its values are the tests'.
//
// # Where things are
//
//	step, state            a rule's one step, what it remembers, the update of a model
//	schedule, restarts     rates by the number of the step
//	onecycle, cyclic       rates and momenta that go up and down
//	plateau                a rate that falls when the loss does not
//	transform, clip        changes of gradients
//	sgd, adam, adamlike    rules: momentum; Adam, AdamW; Adamax, NAdam, RAdam, LAMB, Lion, Adafactor
//	rms, rprop             more rules: Adagrad, Adadelta, RMSProp; Rprop, ASGD
//	groups                 other rules for other parameters
//	accumulate, average    accumulation of gradients; means of parameters, lookahead
//	lbfgs, wolfe           a quasi-Newton method, and its line search
package optim
