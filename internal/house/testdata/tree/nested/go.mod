module fixture/nested

go 1.26.0
