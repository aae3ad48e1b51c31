// Package tested is all tests, and says so in one of them.
package tested
