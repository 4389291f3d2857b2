package browser

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	// testWithin bounds all that one tab does.
	testWithin = 5 * time.Minute
	// loadsWithin bounds the load of one page.
	loadsWithin = 20 * time.Second
	// happensWithin bounds what a page does by itself.
	happensWithin = 10 * time.Second
)

// Keys that tests press.
const (
	KeyTab    = kb.Tab
	KeyEnter  = kb.Enter
	KeyEscape = kb.Escape
	KeyDown   = kb.ArrowDown
	KeySpace  = " "
)

// Look is how a person looks at a page.
type Look struct {
	// Width of the window in CSS pixels, 1440 by default; Height, 900.
	Width, Height int64
	// Scale is how many pixels of the screen a CSS pixel takes, 1 by default.
	Scale float64
	// Dark is the wish of the system for dark colours.
	Dark bool
	// Languages are those of the person, as Accept-Language; French by default.
	Languages string
}

// Request is one that a page made.
type Request struct {
	URL, Kind string
	// Size is how many bytes came over the wire; -1 while unknown.
	Size float64
}

// Tab is a tab of the browser.
type Tab struct {
	t     testing.TB
	ctx   context.Context
	site  string
	agent string

	mu       sync.Mutex
	problems []string
	requests []Request
	byID     map[network.RequestID]int
	status   int
	// failing are addresses of the site that are meant to answer with an error.
	failing map[string]bool
	// trusted are other sites that pages may ask; lost those that are meant not to answer.
	trusted, lost []string
}

// Trust lets pages ask another site, by its origin. Requests to it keep their
// whole address.
func (tab *Tab) Trust(origin string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.trusted = append(tab.trusted, origin+"/")
}

// Lose is Trust for a site that is meant not to answer.
func (tab *Tab) Lose(origin string) {
	tab.Trust(origin)
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.lost = append(tab.lost, origin+"/")
}

func begins(address string, with []string) bool {
	return slices.ContainsFunc(with, func(origin string) bool { return strings.HasPrefix(address, origin) })
}

func (tab *Tab) prepare(look Look) {
	tab.t.Helper()
	if err := chromedp.Listen(tab.ctx, tab.notice); err != nil {
		tab.t.Fatal(err)
	}
	languages := look.Languages
	if languages == "" {
		languages = "fr"
	}
	_, err := chromedp.Call(tab.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: tab.agent, AcceptLanguage: languages})
	if err != nil {
		tab.t.Fatal(err)
	}
	// A violation is told to the page too, where the console is silent.
	tab.Before(`document.addEventListener("securitypolicyviolation", (e) => console.error("policy: " + e.violatedDirective + " refuses " + e.blockedURI))`)
	tab.See(look)
}

// See changes how one looks at the page, at once.
func (tab *Tab) See(look Look) {
	tab.t.Helper()
	if look.Width == 0 {
		look.Width = 1440
	}
	if look.Height == 0 {
		look.Height = 900
	}
	if look.Scale == 0 {
		look.Scale = 1
	}
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(tab.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: look.Width, Height: look.Height, DeviceScaleFactor: look.Scale,
	})
	if err == nil {
		_, err = chromedp.Call(tab.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
	}
	if err != nil {
		tab.t.Fatal(err)
	}
}

// Before runs a script in every page from now on, before those of the page.
func (tab *Tab) Before(script string) {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	if err != nil {
		tab.t.Fatal(err)
	}
}

// WithoutScripts has the browser run no script of the pages that follow.
func (tab *Tab) WithoutScripts() {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	if err != nil {
		tab.t.Fatal(err)
	}
}

// Allow grants permissions of the browser to the site: clipboard-write …
func (tab *Tab) Allow(permissions ...string) {
	tab.t.Helper()
	own := chromedp.FromContext(tab.ctx).BrowserContextID
	for _, name := range permissions {
		_, err := chromedp.CallBrowser(tab.ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted,
			Origin: tab.site, BrowserContextID: own,
		})
		if err != nil {
			tab.t.Fatal(err)
		}
	}
}

// notice notes events; it runs in the loop that reads them.
func (tab *Tab) notice(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		tab.requested(e)
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			tab.status = int(e.Response.Status)
		}
	case *network.EventLoadingFinished:
		if i, ok := tab.byID[e.RequestID]; ok {
			tab.requests[i].Size = e.EncodedDataLength
		}
	case *runtime.EventExceptionThrown:
		tab.problems = append(tab.problems, "an exception: "+exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			tab.problems = append(tab.problems, fmt.Sprintf("console.%s: %s", e.Type, arguments(e.Args)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !tab.failing[e.Entry.URL] && !begins(e.Entry.URL, tab.lost) {
			tab.problems = append(tab.problems, fmt.Sprintf("the console: %s %s", e.Entry.Text, e.Entry.URL))
		}
	}
}

func (tab *Tab) requested(e *network.EventRequestWillBeSent) {
	address := e.Request.URL
	if strings.HasPrefix(address, "data:") || strings.HasPrefix(address, "blob:") || strings.HasPrefix(address, "about:") {
		return
	}
	if !strings.HasPrefix(address, tab.site+"/") && !begins(address, tab.trusted) {
		tab.problems = append(tab.problems, "a request to another host: "+address)
	}
	if tab.byID == nil {
		tab.byID = map[network.RequestID]int{}
	}
	tab.byID[e.RequestID] = len(tab.requests)
	tab.requests = append(tab.requests, Request{URL: strings.TrimPrefix(address, tab.site), Kind: string(e.Type), Size: -1})
}

func exception(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return details.Text
}

func arguments(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		if len(a.Value) > 0 {
			words = append(words, string(a.Value))
		} else {
			words = append(words, a.Description)
		}
	}
	return strings.Join(words, " ")
}

// report fails the test for each problem, once.
func (tab *Tab) report() {
	tab.t.Helper()
	tab.mu.Lock()
	defer tab.mu.Unlock()
	seen := map[string]bool{}
	for _, problem := range tab.problems {
		if !seen[problem] {
			tab.t.Error(problem)
		}
		seen[problem] = true
	}
	tab.problems = nil
}

// Open loads a page of the site, with a status that it must answer.
func (tab *Tab) Open(path string, status int) {
	tab.t.Helper()
	tab.mu.Lock()
	tab.requests, tab.byID, tab.status = nil, nil, 0
	if status >= 400 {
		tab.failing[tab.site+path] = true
	}
	tab.mu.Unlock()
	ctx, cancel := context.WithTimeout(tab.ctx, loadsWithin)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(tab.site+path)); err != nil {
		tab.t.Fatalf("%s does not load: %v", path, err)
	}
	tab.mu.Lock()
	got := tab.status
	tab.mu.Unlock()
	if got != status {
		tab.t.Fatalf("%s answered %d, want %d", path, got, status)
	}
}

// Back and Forward move in the history of the tab.
func (tab *Tab) Back() { tab.t.Helper(); tab.Run(`history.back()`) }

// Forward undoes Back.
func (tab *Tab) Forward() { tab.t.Helper(); tab.Run(`history.forward()`) }

// Reload loads the page again.
func (tab *Tab) Reload() {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, loadsWithin)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Reload()); err != nil {
		tab.t.Fatalf("the page does not load again: %v", err)
	}
}

// Requests are those since the page was opened.
func (tab *Tab) Requests() []Request {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return append([]Request(nil), tab.requests...)
}

// Path is where the tab is, with its arguments and fragment.
func (tab *Tab) Path() string {
	tab.t.Helper()
	u, err := url.Parse(Value[string](tab, `location.href`))
	if err != nil {
		tab.t.Fatal(err)
	}
	u.Scheme, u.Host = "", ""
	return u.String()
}

// Run runs a script in the page.
func (tab *Tab) Run(script string) {
	tab.t.Helper()
	Value[bool](tab, `(() => {`+script+`; return true})()`)
}

// Value is what a script gives in the page; promises are awaited.
func Value[T any](tab *Tab, script string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, loadsWithin)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v", shortened(script), err)
	}
	return value
}

// Until waits until a script gives something true, over loads of pages.
func (tab *Tab) Until(what, script string) {
	tab.t.Helper()
	var last error
	for deadline := time.Now().Add(happensWithin); time.Now().Before(deadline); time.Sleep(15 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(tab.ctx, happensWithin)
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+script+`)`))
		cancel()
		if err == nil && is {
			return
		}
		last = err // a page on its way has no scripts; only the last error tells something
	}
	tab.t.Fatalf("%s: not within %v at %s (%v)", what, happensWithin, tab.Path(), last)
}

// KeyAll stands for the keys that select all that a field holds.
const KeyAll = "\x01"

// Press presses keys, one after the other, where the focus is.
func (tab *Tab) Press(keys string) {
	tab.t.Helper()
	press := chromedp.KeyEvent(keys)
	switch keys {
	case KeyAll:
		press = chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	case KeyEnter:
		tab.enter()
		return
	}
	if err := chromedp.Do(tab.ctx, press); err != nil {
		tab.t.Fatal(err)
	}
}

// enter presses Enter as a keyboard does: a page that takes the key for itself
// keeps the form from being sent.
func (tab *Tab) enter() {
	tab.t.Helper()
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", UnmodifiedText: "\r", WindowsVirtualKeyCode: 13}
	_, err := chromedp.Call(tab.ctx, input.DispatchKeyEvent, key)
	if err == nil {
		key.Type, key.Text, key.UnmodifiedText = input.DispatchKeyEventTypeKeyUp, "", ""
		_, err = chromedp.Call(tab.ctx, input.DispatchKeyEvent, key)
	}
	if err != nil {
		tab.t.Fatal(err)
	}
}

// Files chooses files for a field, as the system's own window would.
func (tab *Tab) Files(selector string, paths ...string) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, chromedp.SetUploadFiles(selector, paths)); err != nil {
		tab.t.Fatal(err)
	}
}

// point is a place in the window, in CSS pixels.
type point struct{ X, Y float64 }

// middle brings the first visible element of a selector into the window and
// tells where its middle is.
func (tab *Tab) middle(selector string) point {
	tab.t.Helper()
	p := Value[*point](tab, fmt.Sprintf(`(() => {
		const e = [...document.querySelectorAll(%q)].find((e) => e.checkVisibility() && e.getClientRects().length);
		if (!e) return null;
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getClientRects()[0];
		return {X: r.x + r.width / 2, Y: r.y + r.height / 2};
	})()`, selector))
	if p == nil {
		tab.t.Fatalf("no visible %s at %s", selector, tab.Path())
	}
	return *p
}

// Click clicks with the mouse on the first visible element of a selector, in
// its middle.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	p := tab.middle(selector)
	if err := chromedp.Do(tab.ctx, chromedp.MouseClickXY(p.X, p.Y)); err != nil {
		tab.t.Fatal(err)
	}
}

// Drag presses the mouse on the first visible element of a selector, moves it by
// so much in some steps, and lets it go.
func (tab *Tab) Drag(selector string, right, down float64) {
	tab.t.Helper()
	const steps = 8
	p := tab.middle(selector)
	mouse := func(kind input.DispatchMouseEventType, step float64, held int64) {
		tab.t.Helper()
		params := input.DispatchMouseEventParams{Type: kind, X: p.X + right*step/steps, Y: p.Y + down*step/steps, Button: input.MouseButtonLeft, Buttons: held, ClickCount: 1}
		if _, err := chromedp.Call(tab.ctx, input.DispatchMouseEvent, params); err != nil {
			tab.t.Fatal(err)
		}
	}
	mouse(input.DispatchMouseEventTypeMousePressed, 0, 1)
	for step := 1.0; step <= steps; step++ {
		mouse(input.DispatchMouseEventTypeMouseMoved, step, 1)
	}
	mouse(input.DispatchMouseEventTypeMouseReleased, steps, 0)
}

// Drop drags files from outside over the first visible element of a selector and
// lets them go there.
func (tab *Tab) Drop(selector string, paths ...string) {
	tab.t.Helper()
	p := tab.middle(selector)
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		params := input.DispatchDragEventParams{Type: kind, X: p.X, Y: p.Y, Data: &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}}
		if _, err := chromedp.Call(tab.ctx, input.DispatchDragEvent, params); err != nil {
			tab.t.Fatal(err)
		}
	}
}

// Focus gives the focus to an element.
func (tab *Tab) Focus(selector string) {
	tab.t.Helper()
	if !Value[bool](tab, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e?.focus(); return !!e && document.activeElement === e })()`, selector)) {
		tab.t.Fatalf("%s cannot have the focus at %s", selector, tab.Path())
	}
}

// Settled waits until nothing more comes over the wire, no part of the page is
// busy and two frames are drawn.
func (tab *Tab) Settled() {
	tab.t.Helper()
	for deadline := time.Now().Add(happensWithin); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if tab.idle() {
			break
		}
	}
	Value[bool](tab, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
}

func (tab *Tab) idle() bool {
	return Value[bool](tab, `document.readyState === "complete" && [...document.images].every((i) => i.complete || i.loading === "lazy") && !document.querySelector("[aria-busy=true]")`)
}

func shortened(text string) string {
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}

// Slow has the network be what developer tools call slow 4G: 1.44 Mbit/s, and
// 562 ms until an answer begins.
func (tab *Tab) Slow() {
	tab.t.Helper()
	_, err := chromedp.Call(tab.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Latency: 562.5, DownloadThroughput: 1.6e6 / 8 * 0.9, UploadThroughput: 750e3 / 8 * 0.9}},
	})
	if err != nil {
		tab.t.Fatal(err)
	}
}
