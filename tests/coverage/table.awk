# Reads what llvm-cov exports as lcov, prints lines and missed lines of each file and of each group of
# files, and fails where a group is below `least` percent. `groups` is a list of group:path.

BEGIN {
    count = split(groups, pairs, " ")
    for (i = 1; i <= count; i++) {
        group_of[i] = substr(pairs[i], 1, index(pairs[i], ":") - 1)
        path_of[i] = substr(pairs[i], index(pairs[i], ":") + 1)
    }
}

/^SF:/ {
    path = substr($0, 4)
    # From here on the file is its own tests.
    tests_from = 0
    number = 0
    while ((getline line < path) > 0) {
        number++
        if (line ~ /^#\[cfg\(test\)\]/) { tests_from = number; break }
    }
    close(path)
    file = substr(path, length(root) + 1)
    group = ""
    for (i = 1; i <= count; i++)
        if (index(file, path_of[i]) == 1) group = group_of[i]
    if (group != "" && !(file in group_by_file)) { group_by_file[file] = group; files[++file_count] = file }
}

/^DA:/ && group != "" {
    split(substr($0, 4), cell, ",")
    if (tests_from && cell[1] + 0 >= tests_from) next
    lines[file]++
    if (cell[2] + 0 == 0) { missed[file]++; missed_lines[file] = missed_lines[file] " " cell[1] }
}

function percent(of, without) { return of ? 100 * (of - without) / of : 0 }

END {
    wanted = split("gate graph reconciler", order, " ")
    for (g = 1; g <= wanted; g++) {
        all = none = 0
        for (i = 1; i <= file_count; i++) {
            file = files[i]
            if (group_by_file[file] != order[g]) continue
            printf "%-44s %5d lines %4d missed %6.1f %%%s\n", file, lines[file], missed[file],
                percent(lines[file], missed[file]), name_missed ? ":" missed_lines[file] : ""
            all += lines[file]
            none += missed[file]
        }
        printf "%-44s %5d lines %4d missed %6.1f %%\n\n", order[g], all, none, percent(all, none)
        if (percent(all, none) < least) {
            printf "%s is below %d %%\n", order[g], least
            failed = 1
        }
    }
    exit failed
}
