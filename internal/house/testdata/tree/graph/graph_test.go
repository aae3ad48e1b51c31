package graph_test

import _ "fixture/ops" // tests are outside the law
