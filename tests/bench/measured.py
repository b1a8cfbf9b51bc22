"""A number measured several times: its median and how far the measurements lie apart."""

import statistics


def spread(values, digits=2):
    """Median, smallest and largest."""
    values = list(values)
    return {
        "median": round(statistics.median(values), digits),
        "min": round(min(values), digits),
        "max": round(max(values), digits),
    }


def shown(each):
    """A spread, or a number, for a table."""
    if not isinstance(each, dict):
        return str(each)
    return f"{each['median']} ({each['min']}-{each['max']})"


def quantile(durations, percent):
    """In milliseconds, of durations in seconds."""
    return statistics.quantiles(durations, n=100)[percent - 1] * 1000


def table(head, rows):
    """Lines of columns; the first is text, the others numbers."""
    cells = [head, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    for row in cells:
        first, *others = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *others))
