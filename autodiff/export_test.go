package autodiff

// Verified checks the graph's invariants after every pass of the compiler.
func Verified() Option { return func(s *settings) { s.verify = true } }

// Cached counts the programs that fn keeps.
func (fn *Function) Cached() int {
	fn.mu.Lock()
	defer fn.mu.Unlock()
	return len(fn.cache)
}
