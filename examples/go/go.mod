module example.org/write-site

go 1.21
