package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// question is a query with the object that people were looking for.
type question struct{ text, params, expected string }

func (o options) questions(name string) ([]question, error) {
	if o.queries == "" {
		return nil, nil
	}
	file, err := os.Open(filepath.Join(o.queries, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []question
	for _, row := range rows[1:] {
		all = append(all, question{row[0], row[1], row[2]})
	}
	return all, nil
}

// rank is the place of the expected object among the first fifty, 0 when it is
// not there.
func rank(address, path string, q question) (int, error) {
	body, err := fetch(address, path+"?page=1&page_size=50&q="+url.QueryEscape(q.text)+amp(q.params))
	if err != nil {
		return 0, err
	}
	var page struct {
		Data []struct{ ID string } `json:"data"`
	}
	if err := decode(body, &page); err != nil {
		return 0, err
	}
	for i, item := range page.Data {
		if item.ID == q.expected {
			return i + 1, nil
		}
	}
	return 0, nil
}

func amp(params string) string {
	if params == "" {
		return ""
	}
	return "&" + params
}

// reciprocal is the mean reciprocal rank over questions.
func reciprocal(address, path string, questions []question) (float64, error) {
	sum := 0.0
	for _, q := range questions {
		place, err := rank(address, path, q)
		if err != nil {
			return 0, err
		}
		if place > 0 {
			sum += 1 / float64(place)
		}
	}
	return sum / float64(len(questions)), nil
}

func (o options) measureRelevance(ctx context.Context, r *report) error {
	datasets, err := o.questions("queries.csv")
	if err != nil || len(datasets) == 0 {
		return err
	}
	organizations, err := o.questions("queries-organizations.csv")
	if err != nil {
		return err
	}
	p, _, err := o.serve(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	const path = "/api/2/datasets/search/"
	for _, set := range []struct {
		name, path string
		questions  []question
		bar        float64
	}{
		{"as typed", path, datasets, 0.88}, {"with one random typing error", path, misspelt(datasets), 0.86},
		{"with the last word unfinished", path, unfinished(datasets), 0.80},
		{"organisations", "/api/2/organizations/search/", organizations, 0.85},
	} {
		if len(set.questions) == 0 {
			continue
		}
		score, err := reciprocal(p.address, set.path, set.questions)
		if err != nil {
			return err
		}
		r.add(fmt.Sprintf("relevance, %s (%d queries)", set.name, len(set.questions)), fmt.Sprintf("MRR ≥ %.2f", set.bar), fmt.Sprintf("%.3f", score), "–", score >= set.bar)
	}
	return nil
}

// misspelt changes one letter of one long word of each question, several times.
func misspelt(questions []question) []question {
	random := rand.New(rand.NewPCG(5, 6))
	const letters = "abcdefghijklmnopqrstuvwxyz"
	var all []question
	for _, q := range questions {
		words := strings.Fields(q.text)
		var long []int
		for i, word := range words {
			if utf8.RuneCountInString(word) >= 5 {
				long = append(long, i)
			}
		}
		for range min(len(long), 1) * 5 {
			changed := append([]string(nil), words...)
			i := long[random.IntN(len(long))]
			runes := []rune(changed[i])
			at := random.IntN(len(runes))
			switch random.IntN(4) {
			case 0:
				runes = append(runes[:at], runes[at+1:]...)
			case 1:
				runes[at] = rune(letters[random.IntN(len(letters))])
			case 2:
				runes = append(runes[:at], append([]rune{rune(letters[random.IntN(len(letters))])}, runes[at:]...)...)
			default:
				if at+1 < len(runes) {
					runes[at], runes[at+1] = runes[at+1], runes[at]
				}
			}
			changed[i] = string(runes)
			all = append(all, question{strings.Join(changed, " "), q.params, q.expected})
		}
	}
	return all
}

// unfinished cuts the last third off the last word of each question.
func unfinished(questions []question) []question {
	var all []question
	for _, q := range questions {
		runes := []rune(strings.TrimSpace(q.text))
		start := len(runes)
		for start > 0 && runes[start-1] != ' ' {
			start--
		}
		length := len(runes) - start
		if length < 5 {
			continue
		}
		all = append(all, question{string(runes[:len(runes)-length/3]), q.params, q.expected})
	}
	return all
}
