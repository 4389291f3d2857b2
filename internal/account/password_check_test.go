package account

import (
	"strings"
	"testing"

	"grenier/internal/db"
	"grenier/internal/db/dbtest"
	"grenier/internal/fault"
)

// importedHashes were made by the crypt of the C library, and by Python's hmac
// for udata's scheme with the salt "s3cret salt".
var importedHashes = map[string]string{
	"2a":    "$2a$04$abcdefghijklmnopqrstuuA2xNwU0ed86hNYER0LsJfR153TaO9J6",
	"2b":    "$2b$04$abcdefghijklmnopqrstuuA2xNwU0ed86hNYER0LsJfR153TaO9J6",
	"2y":    "$2y$04$abcdefghijklmnopqrstuuA2xNwU0ed86hNYER0LsJfR153TaO9J6",
	"udata": "udata-bcrypt:czNjcmV0IHNhbHQ=:$2b$04$abcdefghijklmnopqrstuuV94fgcV7VTMOdCpnqoxizA8hnv2nq6u",
}

func TestImportedPasswords(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d, nil)
		for name, encoded := range importedHashes {
			user := b.person(name+"@example.org", false)
			if err := b.ImportPassword(ctxOf(t), operator, user.ID, encoded); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			b.login(*user.Email, goodPassword)
			after := *b.user(user.ID).Password
			if !strings.HasPrefix(after, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("%s: after the login the hash is %s", name, after)
			}
			b.login(*user.Email, goodPassword)
			if again := *b.user(user.ID).Password; again != after {
				t.Errorf("%s: made anew at every login", name)
			}
		}
		if err := b.ImportPassword(ctxOf(t), Nobody, "x", importedHashes["2b"]); !fault.Is(err, fault.Forbidden) {
			t.Errorf("nobody imports: %v", err)
		}
	})
}

func TestWrongPasswordOfImportedAccounts(t *testing.T) {
	h := newHasher()
	for name, encoded := range importedHashes {
		ok, _, err := h.verify(ctxOf(t), &encoded, "Babbage1843")
		if err != nil || ok {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
	long := "$2b$04$abcdefghijklmnopqrstuuZonR9iJU65Wh1rr3v5JTewp2m/.wHe."
	if ok, _, err := h.verify(ctxOf(t), &long, "Aé1"+strings.Repeat("x", 100)); err != nil || ok {
		t.Errorf("a composed letter was hashed in another form than passwords are checked in: %v %v", ok, err)
	}
	if ok, _, err := h.verify(ctxOf(t), nil, ""); err != nil || ok {
		t.Errorf("nobody's password passes: %v %v", ok, err)
	}
}

func TestForeignHashesAreBounded(t *testing.T) {
	for _, encoded := range []string{
		"", "plain", "$2b$31$abcdefghijklmnopqrstuuA2xNwU0ed86hNYER0LsJfR153TaO9J6", "$2x$04$abcdefghijklmnopqrstuuA2xNwU0ed86hNYER0LsJfR153TaO9J6",
		"$2b$04$short", "$1$abc$def", "udata-bcrypt::$2b$04$abcdefghijklmnopqrstuuA2xNwU0ed86hNYER0LsJfR153TaO9J6", "udata-bcrypt:!!:x", "udata-bcrypt:",
		"$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzYWx0$c29tZXNhbHRzYWx0c29tZXNhbHRzYWx0", "$argon2id$v=19$m=19456,t=1000,p=1$c29tZXNhbHRzYWx0$c29tZXNhbHRzYWx0",
		"$argon2id$v=19$m=19456,t=2,p=0$c29tZXNhbHRzYWx0$c29tZXNhbHRzYWx0", "$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$c29tZXNhbHRzYWx0",
		"$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$c29tZXNhbHRzYWx0",
	} {
		if _, err := parseHash(encoded); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", encoded, err)
		}
	}
}

func FuzzParseHash(f *testing.F) {
	for _, encoded := range importedHashes {
		f.Add(encoded)
	}
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$c29tZXNhbHRzYWx0c29tZXNhbHRzYWx0")
	f.Fuzz(func(t *testing.T, encoded string) {
		h, err := parseHash(encoded)
		if err == nil && h.bcrypt == nil && (h.memory > maxArgonMemory || h.time > maxArgonTime || h.lanes == 0) {
			t.Errorf("%q asks for %+v", encoded, h)
		}
	})
}

func FuzzParseLink(f *testing.F) {
	f.Add("0123456789abcdef01234567.zzzzzz.YQ.c2ln")
	f.Add("...")
	f.Fuzz(func(t *testing.T, text string) {
		claim, err := parseLink(text)
		if err == nil && (!db.IsID(claim.user) || claim.payload+"."+claim.signature != text) {
			t.Errorf("%q came apart as %+v", text, claim)
		}
	})
}
