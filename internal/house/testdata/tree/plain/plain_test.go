// Package plain_test is documented, which does not count for plain.
package plain_test
