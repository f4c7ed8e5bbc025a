// Marks the folder only: each release has its own module file in mods.
module github.com/timestampvm/timestampvm/tests/releases

go 1.25.8
