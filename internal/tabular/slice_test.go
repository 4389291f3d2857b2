package tabular

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"grenier/internal/fault"
)

func sliceOf(text, column string, values ...string) (string, error) {
	var out []string
	err := Slice(context.Background(), strings.NewReader(text), column, values, func(row []string) error {
		out = append(out, strings.Join(row, "|"))
		return nil
	})
	return strings.Join(out, "/"), err
}

func TestSliceKeepsTheRowsOfAValue(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = zip.Write([]byte("code;nom\n13004;Arles\n13005;Aubagne\n"))
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	latin, err := charmap.Windows1252.NewEncoder().String("code;école\n13004;École élémentaire de la Roquette à Arles\n13005;Collège\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, want string
		values     []string
	}{
		{"code,nom\n13004,Arles\n13005,Aubagne\n13004,Arles encore\n", "code|nom/13004|Arles/13004|Arles encore", []string{"13004"}},
		{"nom;CODE\r\nArles; 13004 \r\n\"Au;bagne\";13005\r\n", "nom|CODE/Au;bagne|13005", []string{"13005"}},
		{"\xef\xbb\xbfcode\tnom\n1004\tAmbérieu\n", "code|nom/1004|Ambérieu", []string{"01004"}},
		{"code,nom\n2a004,Ajaccio\n2A004,Ajaccio\n", "code|nom/2a004|Ajaccio/2A004|Ajaccio", []string{"2A004"}},
		{"code,nom\n13004,Arles\n13200,Marseille ancien\n", "code|nom/13004|Arles/13200|Marseille ancien", []string{"13004", "13200"}},
		{"code,nom\n13005,Aubagne\n,\n13004\n", "code|nom/13004", []string{"13004"}},
		{"code,nom\n", "code|nom", []string{"13004"}},
		{packed.String(), "code|nom/13005|Aubagne", []string{"13005"}},
		{latin, "code|école/13004|École élémentaire de la Roquette à Arles", []string{"13004"}},
	} {
		got, err := sliceOf(c.text, "code", c.values...)
		if err != nil || got != c.want {
			t.Errorf("%.40q gives %q (%v), want %q", c.text, got, err, c.want)
		}
	}
}

func TestSliceRefusesWhatIsNoTable(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "empty",
		"<!DOCTYPE html><html>":          "html",
		"PK\x03\x04aaaaaaaaaaaaaaaaaaaa": "",
		"nom;x\nArles;1\n":               "no column named code",
		"code,nom\n13004,\"" + strings.Repeat("a\n", sliceRow): "too long",
	} {
		_, err := sliceOf(text, "code", "13004")
		if err == nil || want != "" && !strings.Contains(err.Error(), want) {
			var known *fault.Error
			if !(errors.As(err, &known) && strings.Contains(known.Text, want)) {
				t.Errorf("%.30q is answered %v, want %q", text, err, want)
			}
		}
	}
	stop := errors.New("stop")
	err := Slice(context.Background(), strings.NewReader("code,nom\n1,a\n"), "code", []string{"1"}, func([]string) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("an error of the reader is answered %v", err)
	}
}
