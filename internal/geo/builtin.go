package geo

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

//go:embed division.tsv.zst
var division []byte

// builtin unpacks the zones that the program carries, once.
var builtin = sync.OnceValue(func() *layer {
	built, err := decodeDivision(division)
	if err != nil {
		panic("geo: the embedded division is damaged: " + err.Error())
	}
	return built
})

func decodeDivision(file []byte) (*layer, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	unpacked, err := decoder.DecodeAll(file, nil)
	if err != nil {
		return nil, err
	}
	text := string(unpacked)
	head, rest, _ := strings.Cut(text, "\n")
	mark := strings.Split(head, "\t")
	if len(mark) != 3 || mark[0] != FileMark {
		return nil, fmt.Errorf("it begins with %q", head)
	}
	count, err := strconv.Atoi(mark[2])
	if err != nil {
		return nil, err
	}
	builder := newLayerBuilder(count, len(rest)/2)
	for number := 1; rest != ""; number++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		zone, err := decodeLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		builder.add(zone)
	}
	if len(builder.layer.records) != count {
		return nil, fmt.Errorf("%d zones announced, %d found", count, len(builder.layer.records))
	}
	return builder.build(), nil
}

// decodeLine reads what EncodeLine writes.
func decodeLine(line string) (packed, error) {
	var fields [lineFields]string
	for i := range fields {
		var more bool
		fields[i], line, more = strings.Cut(line, "\t")
		if more != (i < lineFields-1) {
			return packed{}, fmt.Errorf("not %d fields", lineFields)
		}
	}
	population, err := strconv.ParseInt(fields[4], 10, 64)
	if err != nil {
		return packed{}, err
	}
	extent, err := parseExtent(fields[6])
	if err != nil {
		return packed{}, err
	}
	return packed{
		level: fields[0], code: fields[1], kind: Kind(fields[2]), name: fields[3], population: population,
		parents: fields[5], extent: extent, aliases: fields[7], postal: fields[8], formerID: fields[9],
	}, nil
}
