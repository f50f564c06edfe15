"""What Hamberg 2007 reports: typical values, how patients differ, how measurements err; each with its source.

The equations that these are parameters of stand in `hamberg2007`.
"""

from twin.error import Error
from twin.quantity import Assumed, Measured, Quantity

PAPER = "Hamberg 2007, Clin Pharmacol Ther 81:529, doi:10.1038/sj.clpt.6100084"
_QUOTED = "; as quoted alike by two public implementations"
_TABLE_2 = f"{PAPER}, Table 2{_QUOTED}"
_TABLE_4 = f"{PAPER}, Table 4{_QUOTED}"
_APPENDIX = f"{PAPER}, Appendix{_QUOTED}"

PARAMETERS: dict[str, Quantity] = {
    "S_share": Measured(0.5, "1", "warfarin is a racemate: half of the dose is S-warfarin"),
    "clearance": Measured(0.314, "L/h", f"{_TABLE_2}; CYP2C9 *1/*1, 71 years"),
    "clearance_age": Measured(-0.0091, "1/year", f"{_TABLE_2}; sign and linear form from the text"),
    "reference_age": Measured(71.0, "years", _TABLE_2),
    "clearance_reduction *1/*2": Measured(0.315, "1", _TABLE_2),
    "clearance_reduction *1/*3": Measured(0.453, "1", _TABLE_2),
    "clearance_reduction *2/*2": Measured(0.722, "1", _TABLE_2),
    "clearance_reduction *2/*3": Measured(0.690, "1", _TABLE_2),
    "clearance_reduction *3/*3": Measured(0.852, "1", _TABLE_2),
    "central_volume": Measured(13.8, "L", _TABLE_2),
    "exchange": Measured(0.131, "L/h", _TABLE_2),
    "peripheral_volume": Measured(6.59, "L", _TABLE_2),
    "absorption": Measured(2.0, "1/h", f"{_TABLE_2}; fixed by the authors"),
    "EC50 GG": Measured(4.61, "mg/L", _TABLE_4),
    "EC50 GA": Measured(3.02, "mg/L", _TABLE_4),
    "EC50 AA": Measured(2.20, "mg/L", _TABLE_4),
    "steepness": Measured(0.424, "1", f"{_TABLE_4}; γ"),
    "short_transit": Measured(11.6, "h", f"{_TABLE_4}; MTT1"),
    "long_transit": Measured(120.0, "h", f"{_TABLE_4}; MTT2"),
    "INR_exponent": Measured(3.61, "1", f"{_TABLE_4}; λ"),
    "INR_rise": Measured(20.0, "1", f"{_APPENDIX}; fixed by the authors"),
    "short_transit_steps": Assumed(
        6.0,
        "1",
        "ktr1 = 6/MTT1: MTT1 spans the six compartments. The Appendix is quoted as ktr1 = 1/MTT1, but then the INR"
        " after a single dose peaks on day 5, where prothrombin activity is lowest on day 2 (O'Reilly 1968, Circulation"
        " 38:169). The steady state is the same; on day 3 of 5 mg a day (71 years, *1/*1, GG) the INR is 1.23,"
        " with 1/MTT1 1.05",
    ),
    "INR_base": Assumed(
        1.0, "1", "the paper takes each patient's INR before treatment, and reports none; healthy is 1"
    ),
}

_OMEGA = "; the percentage is taken as the CV of a log-normal parameter, and correlations, which are not quoted, as 0"
VARIABILITY = {
    "clearance_l_per_h": Assumed(0.310, "CV", _TABLE_2 + _OMEGA),
    "central_volume_l": Assumed(0.262, "CV", _TABLE_2 + _OMEGA),
    "peripheral_volume_l": Assumed(0.991, "CV", _TABLE_2 + _OMEGA),
    "ec50_mg_per_l": Assumed(0.409, "CV", _TABLE_4 + _OMEGA),
    "short_transit_h": Assumed(0.141, "CV", _TABLE_4 + _OMEGA),
    "long_transit_h": Assumed(1.02, "CV", _TABLE_4 + _OMEGA),
}

INR, S_WARFARIN = "INR", "S_warfarin_mg_per_L"
_SIGMA = "; taken as the standard deviation of the logarithm, which the quotations do not settle"
_VARIANCE = "; quoted as 0.0325 and taken for its variance: the SD is √0.0325 (docs/decisions/0024)"
ERRORS = {
    INR: Error(on_log=Assumed(0.1803, "1", _TABLE_4 + _VARIANCE)),
    S_WARFARIN: Error(on_log=Assumed(0.301, "1", _TABLE_2 + "; √0.0908, quoted after a single dose" + _SIGMA)),
}
