package memory

import (
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// installed is the machine's memory and swap space, or less if the group of processes that this one is in may have less.
func installed() int64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	bytes := (uint64(info.Totalram) + uint64(info.Totalswap)) * uint64(max(1, info.Unit))
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if group, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && group > 0 {
			bytes = min(bytes, group)
		}
	}
	return int64(min(bytes, math.MaxInt64))
}
