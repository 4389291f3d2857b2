package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// maxFile bounds a file of messages, in bytes.
const maxFile = 2 << 20

// Messages are texts by language and identifier. They never change once read.
type Messages struct {
	byLang map[string]map[string]message
}

// ReadMessages reads <lang>.json and <lang>/<area>.json at the root of each
// file system: objects that give each message's identifier its text, or its
// texts by CLDR plural category ("other" is required). A later file system
// overrides an earlier one message by message. Errors name the file and line:
// bad JSON, a message twice within one file system, an unknown category,
// braces that do not match, a file whose name is no language (BCP 47).
func ReadMessages(files ...fs.FS) (*Messages, error) {
	all := &Messages{byLang: map[string]map[string]message{}}
	for _, fsys := range files {
		layer := layer{fsys: fsys, byLang: map[string]map[string]located{}}
		if err := layer.read(); err != nil {
			return nil, err
		}
		all.add(layer)
	}
	return all, nil
}

func (m *Messages) add(l layer) {
	for lang, texts := range l.byLang {
		if m.byLang[lang] == nil {
			m.byLang[lang] = make(map[string]message, len(texts))
		}
		for id, text := range texts {
			m.byLang[lang][id] = text.message
		}
	}
}

// Languages returns those that have messages, sorted.
func (m *Messages) Languages() []string { return slices.Sorted(maps.Keys(m.byLang)) }

// Keys returns the identifiers of the messages that a language has, sorted.
func (m *Messages) Keys(lang string) []string { return slices.Sorted(maps.Keys(m.byLang[lang])) }

// Arguments returns the names in braces of a message, in all its plural forms,
// sorted; none for a message that the language lacks.
func (m *Messages) Arguments(lang, id string) []string {
	names := map[string]bool{}
	for _, form := range m.byLang[lang][id].forms {
		for _, piece := range form {
			if piece.name != "" {
				names[piece.name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// layer is what one file system holds.
type layer struct {
	fsys   fs.FS
	byLang map[string]map[string]located
}

// located is a message with the place where it was read.
type located struct {
	message
	file string
}

func (l layer) read() error {
	entries, err := fs.ReadDir(l.fsys, ".")
	if err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case strings.HasPrefix(name, "."):
		case entry.IsDir():
			err = l.readFolder(name)
		case path.Ext(name) == ".json":
			err = l.readFile(strings.TrimSuffix(name, ".json"), name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l layer) readFolder(lang string) error {
	entries, err := fs.ReadDir(l.fsys, lang)
	if err != nil {
		return fmt.Errorf("messages: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || path.Ext(name) != ".json" || strings.HasPrefix(name, ".") {
			continue
		}
		if err := l.readFile(lang, path.Join(lang, name)); err != nil {
			return err
		}
	}
	return nil
}

func (l layer) readFile(lang, file string) error {
	if _, err := language.Parse(lang); err != nil {
		return fmt.Errorf("messages: %s: %q is not the code of a language", file, lang)
	}
	text, err := readBounded(l.fsys, file)
	if err != nil {
		return err
	}
	if l.byLang[lang] == nil {
		l.byLang[lang] = map[string]located{}
	}
	reader := newFileReader(file, text)
	return reader.each(func(id string, m message) error {
		if earlier, ok := l.byLang[lang][id]; ok {
			return fmt.Errorf("the message %q is already in %s", id, earlier.file)
		}
		l.byLang[lang][id] = located{m, file}
		return nil
	})
}

func readBounded(fsys fs.FS, file string) ([]byte, error) {
	opened, err := fsys.Open(file)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	defer opened.Close()
	text, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("messages: %s: %w", file, err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("messages: %s is longer than %d bytes", file, maxFile)
	}
	return text, nil
}

// fileReader reads the messages of one file.
type fileReader struct {
	file    string
	text    []byte
	decoder *json.Decoder
}

func newFileReader(file string, text []byte) *fileReader {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	return &fileReader{file, text, json.NewDecoder(bytes.NewReader(text))}
}

// each calls visit for every message in turn; errors get the file and line.
func (r *fileReader) each(visit func(id string, m message) error) error {
	err := r.object(func(id string) error {
		m, err := r.message()
		if err != nil {
			return err
		}
		return visit(id, m)
	})
	if err == nil {
		err = r.end()
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("messages: %s:%d: %w", r.file, r.line(err), err)
}

func (r *fileReader) end() error {
	switch _, err := r.decoder.Token(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return errors.New("something follows the object of messages")
}

// line is the line of an error: where the syntax breaks, else where reading is.
func (r *fileReader) line(err error) int {
	offset := r.decoder.InputOffset()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	offset = min(max(offset, 0), int64(len(r.text)))
	return 1 + bytes.Count(r.text[:offset], []byte("\n"))
}

// object reads an object, calling value after each name.
func (r *fileReader) object(value func(name string) error) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return errors.New("an object of messages was expected")
	}
	return r.members(value)
}

// members reads the rest of an object whose brace is read.
func (r *fileReader) members(value func(name string) error) error {
	for r.decoder.More() {
		token, err := r.token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if name == "" {
			return errors.New("a name is empty")
		}
		if err := value(name); err != nil {
			return err
		}
	}
	_, err := r.token()
	return err
}

func (r *fileReader) token() (json.Token, error) {
	token, err := r.decoder.Token()
	if err == io.EOF {
		return nil, errors.New("the file ends too early")
	}
	return token, err
}

func (r *fileReader) message() (message, error) {
	token, err := r.token()
	if err != nil {
		return message{}, err
	}
	var m message
	switch value := token.(type) {
	case string:
		err = m.set("other", value)
	case json.Delim:
		if value != '{' {
			return m, errors.New("a message is a text or an object of plural forms, not a list")
		}
		err = r.members(func(category string) error { return r.form(&m, category) })
		if err == nil && !m.has("other") {
			err = errors.New(`the plural form "other" is missing`)
		}
	default:
		err = fmt.Errorf("a message is a text or an object of plural forms, not %v", value)
	}
	return m, err
}

func (r *fileReader) form(m *message, category string) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	text, ok := token.(string)
	if !ok {
		return fmt.Errorf("the plural form %q is not a text", category)
	}
	return m.set(category, text)
}
