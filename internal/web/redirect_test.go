package web

import "testing"

func TestAddressesThatLeadNowhere(t *testing.T) {
	for location, nowhere := range map[string]bool{
		"https://example.org/a?b=javascript:c": false, "/data:x": false, "//example.org": false, "ftp://example.org": false, "org.example.app:/back": false, "": false,
		"javascript:alert(1)": true, " JavaScript:alert(1)": true, "vbscript:x": true, "data:text/html,x": true, "https://example.org/\r\nSet-Cookie: a=b": true,
		"java\tscript:x": true, "/\x00": true,
	} {
		if leadsNowhere(location) != nowhere {
			t.Errorf("%q leads nowhere: %t", location, !nowhere)
		}
	}
}
