package nested

import _ "fixture/ops"
