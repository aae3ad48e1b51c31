package autodiff

// Verified checks the graph's invariants after every pass of the compiler.
func Verified() ProgramOption { return programOption{func(s *settings) { s.Verify = true }} }

// Cached counts the programs that fn keeps.
func (fn *Function) Cached() int { return fn.inner.Cached() }
