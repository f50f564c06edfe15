"""The coefficients of published equations for warfarin's dose, each with its unit and source."""

from collections.abc import Mapping

from twin.quantity import Measured

Coefficients = Mapping[str, Measured]
"""A published equation's coefficients by name."""


def _read(source: str, values: Mapping[str, tuple[float, str]]) -> Coefficients:
    return {name: Measured(value, unit, source) for name, (value, unit) in values.items()}


_SECONDARY = "; coefficients as quoted alike by two independent public implementations"
_IWPC_SOURCE = "IWPC, N Engl J Med 2009;360:753, doi:10.1056/NEJMoa0809329, supplementary appendix" + _SECONDARY
_ROOT, _LOG, _LOG_WEEKLY = "√(mg/week)", "ln(mg/day)", "ln(mg/week)"

IWPC_PHARMACOGENETIC = _read(
    _IWPC_SOURCE,
    {
        "intercept": (5.6044, _ROOT),
        "age": (-0.2614, f"{_ROOT} per whole decade"),
        "height": (0.0087, f"{_ROOT} per cm"),
        "weight": (0.0128, f"{_ROOT} per kg"),
        "GA": (-0.8677, _ROOT),
        "AA": (-1.6974, _ROOT),
        "VKORC1 unknown": (-0.4854, _ROOT),
        "*1/*2": (-0.5211, _ROOT),
        "*1/*3": (-0.9357, _ROOT),
        "*2/*2": (-1.0616, _ROOT),
        "*2/*3": (-1.9206, _ROOT),
        "*3/*3": (-2.3312, _ROOT),
        "CYP2C9 unknown": (-0.2188, _ROOT),
        "asian": (-0.1092, _ROOT),
        "black": (-0.2760, _ROOT),
        "mixed_or_missing": (-0.1032, _ROOT),
        "enzyme_inducer": (1.1816, _ROOT),
        "amiodarone": (-0.5503, _ROOT),
    },
)

IWPC_CLINICAL = _read(
    _IWPC_SOURCE,
    {
        "intercept": (4.0376, _ROOT),
        "age": (-0.2546, f"{_ROOT} per whole decade"),
        "height": (0.0118, f"{_ROOT} per cm"),
        "weight": (0.0134, f"{_ROOT} per kg"),
        "asian": (-0.6752, _ROOT),
        "black": (0.4060, _ROOT),
        "mixed_or_missing": (0.0443, _ROOT),
        "enzyme_inducer": (1.2799, _ROOT),
        "amiodarone": (-0.5695, _ROOT),
    },
)

_GAGE_SOURCE = "Gage 2008, Clin Pharmacol Ther 84:326, PMC2683977; as quoted by a public implementation"

GAGE_PHARMACOGENETIC = _read(
    _GAGE_SOURCE,
    {
        "intercept": (0.9751, _LOG),
        "A": (-0.3238, f"{_LOG} per VKORC1 A allele"),
        "body_surface": (0.4317, f"{_LOG} per m²"),
        "*2": (-0.2066, f"{_LOG} per allele"),
        "*3": (-0.4008, f"{_LOG} per allele"),
        "age": (-0.00745, f"{_LOG} per year"),
        "target": (0.2029, f"{_LOG} per unit of INR"),
        "black": (-0.0901, _LOG),
        "amiodarone": (-0.2538, _LOG),
        "smoker": (0.0922, _LOG),
        "thrombosis": (0.0664, _LOG),
    },
)

GAGE_CLINICAL = _read(
    _GAGE_SOURCE,
    {
        "intercept": (0.613, _LOG),
        "body_surface": (0.425, f"{_LOG} per m²"),
        "age": (-0.0075, f"{_LOG} per year"),
        "target": (0.216, f"{_LOG} per unit of INR"),
        "black": (0.156, _LOG),
        "amiodarone": (-0.257, _LOG),
        "smoker": (0.108, _LOG),
        "thrombosis": (0.0784, _LOG),
    },
)

_LENZINI_SOURCE = (
    "Lenzini 2010, Clin Pharmacol Ther 87:572, doi:10.1038/clpt.2010.13; as quoted by a public implementation"
)

LENZINI = _read(
    _LENZINI_SOURCE,
    {
        "intercept": (3.10894, _LOG_WEEKLY),
        "age": (-0.00767, f"{_LOG_WEEKLY} per year"),
        "log_inr": (-0.51611, f"{_LOG_WEEKLY} per unit of ln(INR)"),
        "A": (-0.23032, f"{_LOG_WEEKLY} per VKORC1 A allele"),
        "*2": (-0.14745, f"{_LOG_WEEKLY} per allele"),
        "*3": (-0.30770, f"{_LOG_WEEKLY} per allele"),
        "body_surface": (0.24597, f"{_LOG_WEEKLY} per m²"),
        "target": (0.26729, f"{_LOG_WEEKLY} per unit of INR"),
        "black": (-0.09644, _LOG_WEEKLY),
        "stroke": (-0.20590, _LOG_WEEKLY),
        "diabetes": (-0.11216, _LOG_WEEKLY),
        "amiodarone": (-0.10350, _LOG_WEEKLY),
        "fluvastatin": (-0.19275, _LOG_WEEKLY),
        "dose_2_days_ago": (0.01690, f"{_LOG_WEEKLY} per mg"),
        "dose_3_days_ago": (0.02018, f"{_LOG_WEEKLY} per mg"),
        "dose_4_days_ago": (0.01065, f"{_LOG_WEEKLY} per mg"),
    },
)

LENZINI_CLINICAL = _read(
    _LENZINI_SOURCE,
    {
        "intercept": (2.81602, _LOG_WEEKLY),
        "age": (-0.00590, f"{_LOG_WEEKLY} per year"),
        "log_inr": (-0.76679, f"{_LOG_WEEKLY} per unit of ln(INR)"),
        "body_surface": (0.17675, f"{_LOG_WEEKLY} per m²"),
        "target": (0.27815, f"{_LOG_WEEKLY} per unit of INR"),
        "black": (0.07123, _LOG_WEEKLY),
        "stroke": (-0.22844, _LOG_WEEKLY),
        "diabetes": (-0.16759, _LOG_WEEKLY),
        "amiodarone": (-0.11137, _LOG_WEEKLY),
        "fluvastatin": (-0.25487, _LOG_WEEKLY),
        "dose_2_days_ago": (0.03471, f"{_LOG_WEEKLY} per mg"),
        "dose_3_days_ago": (0.03047, f"{_LOG_WEEKLY} per mg"),
        "dose_4_days_ago": (0.01929, f"{_LOG_WEEKLY} per mg"),
    },
)

EU_PACT_ELIMINATION = _read(
    "EU-PACT's loading doses, after Avery 2011, Clin Pharmacol Ther 90:701; as quoted by a public implementation",
    {
        "*1/*1": (0.0189, "1/h"),
        "*1/*2": (0.0158, "1/h"),
        "*1/*3": (0.0132, "1/h"),
        "*2/*2": (0.0130, "1/h"),
        "*2/*3": (0.0090, "1/h"),
        "*3/*3": (0.0075, "1/h"),
    },
)
