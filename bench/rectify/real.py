"""Real photographs with corners read off by hand, good to two pixels or so where sheets are flat: three of
../shared/data/documents (whose own masks are drawn some ten to twenty pixels within the sheets' edges, and a receipt
whose ends are torn and wavy, good to about twenty), and a painting of ../shared/images/camera by its frame or canvas.
"""

import pathlib

# file: (what, corners, further answers that count, width / height where it is known)
BY_HAND = {
    "data/documents/a4-on-dark-background.jpg": (
        "a4",
        [[275.4, 553], [2497, 567.9], [2532, 3804], [192.4, 3752]],
        [],
        210 / 297,
    ),
    "data/documents/inner-table-on-dark-background.jpg": (
        "table",
        [[313.6, 393.7], [2444.2, 421.7], [2497.2, 3500.4], [218.6, 3472.4]],
        [],
        None,
    ),
    "data/documents/receipt.jpg": ("receipt", [[306, 945], [2247, 925], [2322, 3608], [222, 3618]], [], None),
    "images/camera/42_IndexError.jpg": (
        "painting",
        [[143, 489], [3908, 467], [4020, 2273], [44, 2267]],
        [[[286, 629], [3759, 613], [3845, 2137], [210, 2146]]],
        None,
    ),
}
SIZES = {"42_IndexError.jpg": (4032, 3024)}


def records(shared):
    """As truth.jsonl has them."""
    found = []
    for name, (what, corners, also, ratio) in BY_HAND.items():
        path = pathlib.Path(shared) / name
        if path.exists():
            width, height = SIZES.get(path.name, (2600, 4624))
            found.append(
                {
                    "file": name,
                    "what": what,
                    "width": width,
                    "height": height,
                    "corners": corners,
                    "ratio": ratio,
                    "also": [{"corners": a, "ratio": None} for a in also],
                    "difficulty": 1,
                }
            )
    return found
