// Package ops keeps the law.
package ops

import _ "fixture/graph"
