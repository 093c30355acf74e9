from steer.config.lines import key_lines

SOURCE = '''\
title.short = "a"

[coarse] # comment with = and [brackets]
length = """
[not.a.table]
key = 1
"""
"quoted key" = [
    1,
    { inner = 2 },
]
[refinement.deep]
segment = "x"
[coarse.sub]
a = 1
'''


def test_every_key_is_found_on_the_line_where_it_stands() -> None:
    lines = key_lines(SOURCE)
    assert lines == {
        ("title",): 1,
        ("title", "short"): 1,
        ("coarse",): 3,
        ("coarse", "length"): 4,
        ("coarse", "quoted key"): 8,
        ("coarse", "quoted key", "inner"): 8,
        ("refinement",): 12,
        ("refinement", "deep"): 12,
        ("refinement", "deep", "segment"): 13,
        ("coarse", "sub"): 14,
        ("coarse", "sub", "a"): 15,
    }


def test_an_empty_text_has_no_keys() -> None:
    assert key_lines("\n# only a comment\n\n") == {}


def test_tables_of_an_array_are_told_apart() -> None:
    source = '[[state]]\nname = "a"\n[state.range]\nx = 1\n[[state]]\nname = "b"\n'
    assert key_lines(source) == {
        ("state",): 1,
        ("state", "0"): 1,
        ("state", "0", "name"): 2,
        ("state", "0", "range"): 3,
        ("state", "0", "range", "x"): 4,
        ("state", "1"): 5,
        ("state", "1", "name"): 6,
    }
