// Package browser drives the page of the notes in a real browser: every chapter in both languages, as a reader would, with
// keyboard and pointer, and compares what it shows with what the same figures compute here. It is a module of its own, so
// that nobody else needs the driver.
package browser
