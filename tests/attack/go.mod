module github.com/timestampvm/timestampvm/tests/attack

go 1.25.8

require golang.org/x/net v0.50.0

require golang.org/x/text v0.34.0 // indirect
