package save

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"gorgonia.org/tensor"
)

// maxIndex is the bytes of an index that are read.
const maxIndex = maxHeader

// readIndex reads an index and returns the names of tensors by the files they are in.
func readIndex(path string) (map[string][]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	if info.Size() > maxIndex {
		return nil, named(path, wrong("an index of %d bytes", info.Size()))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("save: %w", err)
	}
	var index struct {
		Map map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("save: %s: %w: %w", path, ErrFormat, err)
	}
	if index.Map == nil {
		return nil, named(path, wrong("the index has no weight_map"))
	}
	files := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(index.Map)) {
		file := index.Map[name]
		if file == "" || file != filepath.Base(file) || !filepath.IsLocal(file) {
			return nil, named(path, wrong("the index has %.80q in %.80q, which is not in its folder", name, file))
		}
		files[file] = append(files[file], name)
	}
	return files, nil
}

// readShards reads the tensors that an index names, and no others.
func readShards(path string) (map[string]*tensor.Dense, map[string]string, error) {
	files, err := readIndex(path)
	if err != nil {
		return nil, nil, err
	}
	tensors, metadata := map[string]*tensor.Dense{}, map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		shard := filepath.Join(filepath.Dir(path), file)
		if filepath.Ext(shard) == ".json" {
			return nil, nil, named(path, wrong("the index has %.80q, an index, for a file", file))
		}
		some, about, err := ReadFile(shard)
		if err != nil {
			return nil, nil, err
		}
		maps.Copy(metadata, about)
		for _, name := range files[file] {
			if some[name] == nil {
				return nil, nil, named(shard, wrong("there is no %.80q, which %s has in it", name, path))
			}
			tensors[name] = some[name]
		}
	}
	return tensors, metadata, nil
}
