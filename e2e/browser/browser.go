// Package browser drives a headless Chromium for black-box tests of pages: one
// browser for a package, a tab in a profile of its own for each test. A tab
// notes whatever a person should never meet (errors in the console, uncaught
// exceptions, violations of the content security policy, requests to other
// hosts) and fails its test for them.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// Browser is a running Chromium.
type Browser struct {
	ctx    context.Context
	cancel []context.CancelFunc
	folder string
	// agent is how it presents itself to servers.
	agent string
}

// startsWithin bounds the start of the browser on a busy machine.
const startsWithin = time.Minute

// Open starts Debian's Chromium; `scripts/install browser` brings it.
func Open() (*Browser, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("no Chromium for the tests of pages: run scripts/install browser: %w", err)
	}
	folder, err := os.MkdirTemp("", "grenier-browser-")
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.UserDataDir(folder),
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's own sandbox refuses the administrator
	}
	b := &Browser{folder: folder}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closed := chromedp.NewContext(allocator)
	b.ctx, b.cancel = ctx, []context.CancelFunc{closed, stop}
	started := time.AfterFunc(startsWithin, stop)
	defer started.Stop()
	version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("Chromium does not start: %w", err)
	}
	b.agent = version.UserAgent
	return b, nil
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	// What it could not do in good order, the contexts below do by force.
	_ = chromedp.Cancel(ctx)
	cancel()
	for _, cancel := range b.cancel {
		cancel()
	}
	os.RemoveAll(b.folder)
}

// Tab opens a tab with a profile of its own for a test of the site at an
// address; it is closed with the test, which fails for every problem that the
// tab met.
func (b *Browser) Tab(t testing.TB, site string, look Look) *Tab {
	t.Helper()
	ctx, closed := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	ctx, late := context.WithTimeout(ctx, testWithin)
	tab := &Tab{t: t, ctx: ctx, site: site, agent: b.agent, failing: map[string]bool{}}
	t.Cleanup(func() {
		tab.report()
		late()
		closed()
	})
	tab.prepare(look)
	return tab
}
