"""Pages with sections that a program writes, between two comments."""

import re


def filled(page, sections):
    """The page with the text of each section; every section has its place, and every place its section."""
    for name, text in sections.items():
        begin, end = f"<!-- made by just benchmarks: {name} -->", f"<!-- end: {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"the page has no place for {name!r}")
        before, rest = page.split(begin)
        page = f"{before}{begin}\n{text.strip()}\n{end}{rest.split(end)[1]}"
    unknown = set(re.findall(r"<!-- made by just benchmarks: (.*?) -->", page)) - set(sections)
    if unknown:
        raise ValueError(f"nothing makes {unknown}")
    return page
