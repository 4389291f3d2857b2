package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"grenier/internal/account"
	"grenier/internal/db"
	"grenier/internal/db/dbtest"
)

// beginUpload sends the first of two parts.
func (p *portal) beginUpload(uuid string) int {
	return post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, value("uuid", uuid), value("filename", "a.csv"), value("partindex", "0"),
		value("partbyteoffset", "0"), value("totalparts", "2"), value("chunksize", "1"), fileField("a.csv", "a")).Status
}

// TestUnfinishedUploadsAreBounded begins uploads that never end: they are few, and no longer than a file.
func TestUnfinishedUploadsAreBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPortal(t, d)
		p.exec("DELETE FROM uploads")
		begun := 0
		for ; begun < 60; begun++ {
			if status := p.beginUpload(fmt.Sprintf("upload-%d", begun)); status == http.StatusTooManyRequests {
				break
			} else if status != http.StatusOK {
				t.Fatalf("the upload %d answered %d", begun, status)
			}
		}
		if begun != 50 {
			t.Errorf("%d unfinished uploads were taken", begun)
		}
		if status := p.beginUpload("upload-0"); status != http.StatusOK {
			t.Errorf("a part of an upload that was begun answered %d", status)
		}
		p.exec("DELETE FROM uploads")
		if status := p.beginUpload("long"); status != http.StatusOK {
			t.Fatalf("answered %d", status)
		}
		p.exec("UPDATE upload_parts SET size = ?", 64<<20) // as long as a file may be
		over := post(p.Server, "/api/1/datasets/open/upload/", p.adaToken, value("uuid", "long"), value("filename", "a.csv"), value("partindex", "1"),
			value("partbyteoffset", "0"), value("totalparts", "2"), value("chunksize", "1"), fileField("a.csv", "a"))
		if over.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("a part that lies over the others answered %d %s", over.Status, over.Body)
		}
		p.exec("UPDATE upload_parts SET size = ?", 64<<20+1)
		if status := p.beginUpload("another"); status != http.StatusTooManyRequests {
			t.Errorf("another upload beside one as long as a file may be answered %d", status)
		}
	})
}

// TestNarrowTokensSendNoFileOfTheirPerson: a token for one organisation, or one dataset, publishes nothing in
// the name of the person themselves.
func TestNarrowTokensSendNoFileOfTheirPerson(t *testing.T) {
	p := newPortal(t, dbtest.SQLite(t))
	for _, scopes := range [][]string{
		{account.ScopeOrganization + p.town}, {account.ScopeDataset + p.ids["open"]}, {account.ScopeRead}, {account.ScopeWrite, account.ScopeOrganization + db.NewID()},
	} {
		_, token, err := p.Tokens.Create(t.Context(), p.ada, "narrow", scopes, db.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if sent := post(p.Server, "/api/1/datasets/open/upload/community/", token, fileField("a.csv", "a;b\n")); sent.Status != http.StatusForbidden {
			t.Errorf("a token for %v sends a community resource: %d %s", scopes, sent.Status, sent.Body)
		}
	}
	_, token, err := p.Tokens.Create(t.Context(), p.ada, "write", []string{account.ScopeWrite}, db.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if sent := post(p.Server, "/api/1/datasets/open/upload/community/", token, fileField("a.csv", "a;b\n")); sent.Status != http.StatusCreated {
		t.Errorf("a token that writes answered %d %s", sent.Status, sent.Body)
	}
}
