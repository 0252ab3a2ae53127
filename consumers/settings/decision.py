"""The sections that say what counts as drift."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Field, field_validator, model_validator

from consumers.settings.section import Section
from consumers.settings.spelling import Persist, RatePerMs
from stream.durations import UNITS_MS
from stream.policy import DEFAULT_THRESHOLDS, Correction

Check: TypeAlias = Literal[
    "ks", "chi2", "mean", "std", "frequency", "range", "new_category", "missing", "correlation", "relation", "cusum"
]
Detector: TypeAlias = Literal["adwin", "page_hinkley", "ddm", "hddm"]
Comparator: TypeAlias = Annotated[str, Field(min_length=1)]
Level: TypeAlias = Annotated[float, Field(gt=0, le=1)]
Size: TypeAlias = Annotated[float, Field(ge=0)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Difference: TypeAlias = Annotated[float, Field(ge=0, le=2)]


class SeveritySettings(Section):
    """Impact (importance times effect) from which a drift event is more than information."""

    warning: Size = Field(default=0.1, description='Impact from which the severity is "warning".')
    critical: Size = Field(default=0.2, description='Impact from which the severity is "critical".')

    @model_validator(mode="after")
    def _in_order(self) -> "SeveritySettings":
        if self.warning > self.critical:
            raise ValueError("warning must not be above critical; write for example warning = 0.1 and critical = 0.2")
        return self


class DecisionSettings(Section):
    """When drift opens and resolves: how often by mistake, and how lasting it must be."""

    false_alarms_per_ms: RatePerMs = Field(
        default=1 / (30 * UNITS_MS["d"]),
        alias="false_alarms",
        description="Budget of false alarms for the whole monitor: all features and checks of a tick share it.",
    )
    correction: Correction = Field(default="holm", description="How the checks of one tick share their level.")
    persist: Persist = Field(
        default=(2, 3), description="Ticks that must agree before drift opens, and before it resolves."
    )
    checks: Annotated[tuple[Check, ...], Field(strict=False, min_length=1)] = Field(
        default=get_args(Check), description="The checks to make; each applies to the kind of feature that it fits."
    )
    comparators: Annotated[tuple[Comparator, ...], Field(strict=False, min_length=1)] = Field(
        default=("baseline",),
        description="What a window is compared with: the training data, and earlier windows of the stream "
        "(`previous`, `last_day`, `last_week`, `last_year`), or a version of the model by its name.",
        examples=[["baseline", "last_week"]],
    )
    detectors: Annotated[tuple[Detector, ...], Field(strict=False)] = Field(
        default=(),
        description="Change detectors over the error of labelled predictions, interval by interval: told beside the "
        "drift events, without a budget of false alarms. They need a labelled baseline.",
        examples=[["adwin", "page_hinkley"]],
    )
    companions_fdr: Level = Field(
        default=0.05,
        alias="fdr",
        description="False discovery rate (Benjamini-Hochberg) at which an open incident lists further features.",
    )
    cusum_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.2, description="The check `cusum`'s part of the budget; all other checks share the rest."
    )
    alpha: Mapping[Check, Level] = Field(
        default={},
        description="Instead of the budget, a plain level per check; 1 asks for no significance.",
        examples=[{"ks": 0.05}],
    )
    schema_changes: bool = Field(
        default=True,
        description="Tell when events are made otherwise: fields that appear, vanish or change type, another sampling.",
    )
    schema_ignore: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        description="Paths of fields of which that is never told; `*` stands for any text.",
        examples=[["features.debug_*"]],
    )
    severity: SeveritySettings = Field(
        default_factory=SeveritySettings, description="Impact from which the severity rises."
    )

    @field_validator("comparators")
    @classmethod
    def _each_once(cls, comparators: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(comparators)) < len(comparators):
            raise ValueError("names a comparator twice; write each once")
        return comparators


class ThresholdSettings(Section):
    """Effect floors: drift must be significant and at least this large. 0 asks for no size."""

    ks: Share = Field(default=DEFAULT_THRESHOLDS["ks"], description="The Kolmogorov-Smirnov distance D.")
    chi2: Share = Field(
        default=DEFAULT_THRESHOLDS["chi2"],
        description="Total variation distance: the share of traffic that changed category.",
    )
    mean: Size = Field(
        default=DEFAULT_THRESHOLDS["mean"], description="Shift of the mean, in reference standard deviations."
    )
    std: Size = Field(default=DEFAULT_THRESHOLDS["std"], description="Relative change of the standard deviation.")
    frequency: Share = Field(default=DEFAULT_THRESHOLDS["frequency"], description="Change of one category's share.")
    range: Share = Field(
        default=DEFAULT_THRESHOLDS["range"], description="Share of values outside the training minimum and maximum."
    )
    new_category: Share = Field(
        default=DEFAULT_THRESHOLDS["new_category"], description="Share of values never seen in training."
    )
    missing: Share = Field(default=DEFAULT_THRESHOLDS["missing"], description="Change of the share of missing values.")
    correlation: Difference = Field(
        default=DEFAULT_THRESHOLDS["correlation"], description="Change of the rank correlation with another feature."
    )
    relation: Share = Field(
        default=DEFAULT_THRESHOLDS["relation"],
        description="Change of the share of wrong predictions among alike inputs; needs a labelled baseline.",
    )


class FeatureSettings(Section):
    """One feature's own effect floors, and its weight; as many such tables as needed."""

    ks: Share | None = Field(default=None, description="Instead of `thresholds.ks`.")
    chi2: Share | None = Field(default=None, description="Instead of `thresholds.chi2`.")
    mean: Size | None = Field(default=None, description="Instead of `thresholds.mean`.")
    mean_abs: Size | None = Field(
        default=None, description="Shift of the mean in the feature's own unit.", examples=[5.0]
    )
    std: Size | None = Field(default=None, description="Instead of `thresholds.std`.")
    frequency: Share | None = Field(default=None, description="Instead of `thresholds.frequency`.")
    range: Share | None = Field(default=None, description="Instead of `thresholds.range`.")
    new_category: Share | None = Field(default=None, description="Instead of `thresholds.new_category`.")
    missing: Share | None = Field(default=None, description="Instead of `thresholds.missing`.")
    correlation: Difference | None = Field(default=None, description="Instead of `thresholds.correlation`.")
    relation: Share | None = Field(default=None, description="Instead of `thresholds.relation`.")
    importance: Share | None = Field(
        default=None, description="The feature's weight, 0 to 1, instead of the baseline's.", examples=[0.8]
    )

    def floors(self) -> dict[str, float]:
        """Return the floors that this feature sets, by check, and "mean_abs"."""
        return self.model_dump(exclude={"importance"}, exclude_none=True)
