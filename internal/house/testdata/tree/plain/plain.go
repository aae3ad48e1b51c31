//go:build !noasm

//go:generate echo directives are no comment
package plain
