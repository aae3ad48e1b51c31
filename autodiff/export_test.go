package autodiff

// Verified checks the graph's invariants after every pass of the compiler.
func Verified() ProgramOption { return programOption{func(s *settings) { s.verify = true }} }

// Cached counts the programs that fn keeps.
func (fn *Function) Cached() int {
	fn.cache.mu.Lock()
	defer fn.cache.mu.Unlock()
	return len(fn.cache.list)
}
