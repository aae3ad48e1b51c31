// Package lost has no line in the law.
package lost

import _ "fixture/graph"
