package browser_test

import (
	"testing"

	"grenier/e2e/browser"
)

// TestHostileTextsInPages holds that no text of the catalogue holds a page of
// another site up, or becomes code in it.
func TestHostileTextsInPages(t *testing.T) {
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `
		<div class="here"></div>
		<template id="mine"><div class="text">{{{d | md}}}</div><p class="word">{{w | t}}</p><p class="short">{{d | truncate:50}}</p><a class="lead" href="{{u}}">x</a>
		<div class="code"><script>window.ran = "{{c}}"</script><style>.x{--c:{{c}}}</style></div></template>
		<script type="module">import { render } from "PORTAL/static/udata.mjs"; window.put = (data) => render(document.querySelector(".here"), data, "#mine"); window.ready = true</script>`})
	f.visit("/")
	f.Until("the library is there", `window.ready === true`)
	for _, piece := range []string{"<a", "<a href=", "![", "[a](http:x", "[a](http:x ", "](", "**a", " _a", "`", "- ", "<p "} {
		took := browser.Value[float64](f.Tab, `(() => { const began = performance.now(); put({ d: `+quoted(piece)+`.repeat(20000) }); return performance.now() - began })()`)
		if took > 3000 {
			t.Errorf("%q again and again holds the page up for %.0f ms", piece, took)
		}
	}
	for _, word := range []string{"constructor", "toString", "__proto__", "hasOwnProperty"} {
		f.Run(`put({ w: ` + quoted(word) + ` })`)
		if said := browser.Value[string](f.Tab, `document.querySelector(".word").textContent`); said != word {
			t.Errorf("%s is said as %q", word, said)
		}
	}
	for _, address := range []string{"javascript:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)", " data:text/html,x", "vbscript:x", "JAVASCRIPT:x", "blob:x", "javascript&colon;x"} {
		f.Run(`put({ u: ` + quoted(address) + ` })`)
		if scheme := browser.Value[string](f.Tab, `document.querySelector(".lead").protocol`); scheme != "http:" && scheme != ":" {
			t.Errorf("%q leads to %s", address, scheme)
		}
	}
	f.Run(`put({ c: '";window.harmed=1;"</script><script>window.harmed=2</script>' })`)
	if harmed := browser.Value[bool](f.Tab, `window.harmed !== undefined || document.querySelector(".code style").textContent.includes("harmed")`); harmed {
		t.Error("data became code in a template with a script")
	}
}

// TestHostileTextsInOlderTemplates holds the same for pages written for udata-js.
func TestHostileTextsInOlderTemplates(t *testing.T) {
	s := served(t)
	organization := s.ids(t, "/api/1/organizations/?page_size=1")[0]
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `
		<div class="uData-data" data-organizations="` + organization + `" data-evil="java&#10;script:alert(1)" data-worse="&#1;javascript:alert(1)" data-word="constructor"></div>
		<script type="text/template" id="udata_template_datasetsForm"><a class="evil" href="{{evil}}">1</a><a class="evil" href="{{worse}}">2</a><i class="word">{{_ word}}</i></script>
		<script src="PORTAL/static/udata-compat.js"></script>`})
	f.visit("/")
	f.Until("the form is there", `document.querySelector(".word") !== null`)
	if leads := browser.Value[int](f.Tab, `document.querySelectorAll(".evil[href]").length`); leads != 0 {
		t.Errorf("%d links of data run", leads)
	}
	if said := browser.Value[string](f.Tab, `document.querySelector(".word").textContent`); said != "constructor" {
		t.Errorf("a word is said as %q", said)
	}
}

// TestLibraryBesideOlderScripts holds that the library comes to pages whose
// script of 2016 has the id "udata", which browsers make a name of the page.
func TestLibraryBesideOlderScripts(t *testing.T) {
	s := served(t)
	f := elsewhere(t, browser.Look{}, map[string]string{"/": `
		<udata-dataset ref="PORTAL` + s.mixed + `"></udata-dataset>
		<script src="PORTAL/static/widgets.js" id="udata" async defer onload="udataScript.loadDatasets()"></script>
		<script src="PORTAL/static/udata.iife.js"></script>`})
	f.visit("/")
	f.awaits("the element is filled", ".udata-card", 1)
}
