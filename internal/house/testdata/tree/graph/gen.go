//go:build ignore

package main

import _ "fixture/ops" // a program run by name: part of no package
