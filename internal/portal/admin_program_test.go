package portal

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"grenier/internal/account"
	"grenier/internal/account/oauth"
)

// TestPictureOfMyProgram sends the picture of a program from its page; the page and
// the list show it. Others find no such program.
func TestPictureOfMyProgram(t *testing.T) {
	s := newPublishSite(t)
	ada, session := s.person("ada@example.org", false)
	_, eve := s.person("eve@example.org", false)
	viewer := account.Viewer{User: ada, Session: "x"}
	program, _, err := s.portal.Programs.CreateClient(context.Background(), viewer, oauth.ClientInput{
		Name: account.Some("Reader"), RedirectURIs: account.Some([]string{"https://example.org/back"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	page := "/en" + programPath(program.ID)
	if body := s.shows(page, session, `action="`+page+`/image"`, `enctype="multipart/form-data"`); strings.Contains(body, "/s/images/") {
		t.Error("a program without a picture shows one")
	}
	var mark bytes.Buffer
	if err := png.Encode(&mark, image.NewRGBA(image.Rect(0, 0, 300, 300))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		session, content, text string
		status                 int
	}{
		"none":      {session, "", "Choose a picture first", http.StatusBadRequest},
		"a drawing": {session, "<svg>", "neither PNG", http.StatusBadRequest},
		"another's": {eve, mark.String(), "", http.StatusNotFound},
		"nobody's":  {"", mark.String(), "", http.StatusSeeOther},
	} {
		files := map[string]string{}
		if c.content != "" {
			files["mark.png"] = c.content
		}
		if got := s.send(page+"/image", c.session, map[string]string{"form": "image"}, files); got.Code != c.status || !strings.Contains(got.Body.String(), c.text) {
			t.Errorf("%s: %d, without %q", name, got.Code, c.text)
		}
	}
	sent := s.send(page+"/image", session, map[string]string{"form": "image"}, map[string]string{"mark.png": mark.String()})
	if sent.Code != http.StatusSeeOther || sent.Header().Get("Location") != page+"?done=admin-kept.done-image" {
		t.Fatalf("%d to %s\n%.800s", sent.Code, sent.Header().Get("Location"), mainOf(sent.Body.String()))
	}
	kept, err := s.portal.Programs.Client(context.Background(), viewer, program.ID)
	if err != nil || kept.ImageThumbnail == nil || !strings.Contains(*kept.ImageThumbnail, "-150.") {
		t.Fatalf("kept %+v, %v", kept, err)
	}
	for _, target := range []string{page, "/en" + programsPath} {
		s.shows(target, session, `src="`+*kept.ImageThumbnail+`"`)
	}
}
