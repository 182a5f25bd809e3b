"""One published matcher on one table of the GDC, in the environment where valentine is installed.

Run by `columns.py`: `PYTHON bench/column_peers.py MATCHER SOURCE TARGET`; prints every pair with its score as JSON.
It knows no answer.
"""

import json
import sys

import pandas as pd
import valentine  # type: ignore[import-not-found] # in an environment of its own

MATCHERS = {
    "COMA (schema)": lambda: valentine.algorithms.Coma(use_instances=False),
    "COMA (instances)": lambda: valentine.algorithms.Coma(use_instances=True),
    "Cupid": valentine.algorithms.Cupid,
    "Distribution-based": valentine.algorithms.DistributionBased,
    "Jaccard-Levenshtein": valentine.algorithms.JaccardDistanceMatcher,
    "Similarity flooding": valentine.algorithms.SimilarityFlooding,
}


def main() -> None:
    """Match, and print the scores."""
    matcher, *paths = sys.argv[1:]
    tables = [pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""]) for path in paths]
    found = valentine.valentine_match(tables, MATCHERS[matcher](), ["source", "target"])
    pairs = [(pair.source_column, pair.target_column, float(score)) for pair, score in found.items()]
    print(json.dumps(pairs))


if __name__ == "__main__":
    main()
