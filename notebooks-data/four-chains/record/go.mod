module four-chains

go 1.22
