# %% [markdown]
# # Drift in a notebook
#
# Cells begin with `# %%`: VS Code, PyCharm, Spyder and Jupytext run them one by one; `python examples/notebook.py` runs
# all, and writes the pictures to `drift.png` and `age.png`. It needs `driftline[notebook]` and pandas.

# %%
import numpy as np
import pandas as pd

import baselines
from consumers.notebook import calibrate, replay

# %% [markdown]
# Simulated requests, one every twenty seconds. For six hours of the second day users are older, and phones more
# frequent.


# %%
def requests(start: str, hours: int, *, older: float = 0.0, phones: float = 0.6, seed: int = 1) -> pd.DataFrame:
    rng, n = np.random.default_rng(seed), hours * 180
    return pd.DataFrame(
        {
            "ts": pd.date_range(start, periods=n, freq="20s", tz="UTC"),
            "age": rng.normal(40 + older, 9, n).round(),
            "income": rng.lognormal(10, 0.5, n).round(-2),
            "device": np.where(rng.random(n) < phones, "phone", "desktop"),
        }
    )


training = requests("2026-01-01", 48)
live = pd.concat(
    [
        requests("2026-02-01", 36, seed=2),
        requests("2026-02-02 12:00", 6, older=6, phones=0.75, seed=3),
        requests("2026-02-02 18:00", 12, seed=4),
    ]
)

# %% [markdown]
# What normal looks like. The times show how far each feature moves by itself, so that the budget of false alarms holds.

# %%
baseline = baselines.fit(training, time="ts")
baseline = calibrate(baseline, training, time="ts", every="1h")
baseline

# %% [markdown]
# The same arithmetic that `driftline run` does on a topic.

# %%
result = replay(live, baseline, time="ts", every="1h")
print(result)

# %% [markdown]
# Every test of every window is a row; so is every window. A data frame of either is one call away.

# %%
print(result.findings.where(drift=True).to_pandas()[["window_end", "feature", "check", "effect", "p_value"]])

# %% [markdown]
# How far each feature is from the training data, hour by hour; a dot where it drifts.

# %%
result.plot().figure.savefig("drift.png", bbox_inches="tight")

# %%
result.plot_feature("age").figure.savefig("age.png", bbox_inches="tight")
