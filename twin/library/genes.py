"""How frequent the alleles of genes are that models of drugs ask for, by ancestry."""

from twin.covariates import Frequencies

_IWPC = "counted in the IWPC's patients (doi:10.1056/NEJMoa0809329), completed by its rules; rarer alleles left out"
_ZHOU = "Zhou 2017, Clin Pharmacol Ther 102:688, doi:10.1002/cpt.690, Table 5"

CYP2C9_ALLELES = Frequencies(
    {
        "white": {"*2": 0.1312, "*3": 0.0730},  # of 2,164 patients
        "asian": {"*2": 0.0005, "*3": 0.0303},  # of 1,106
        "black": {"*2": 0.0257, "*3": 0.0096},  # of 311
        "mixed_or_missing": {"*2": 0.1235, "*3": 0.0494},  # of 324
    },
    _IWPC,
)
VKORC1_ALLELES = Frequencies(
    {
        "white": {"A": 0.3885},  # of 2,153 patients
        "asian": {"A": 0.8770},  # of 1,138
        "black": {"A": 0.0898},  # of 323
        "mixed_or_missing": {"A": 0.3381},  # of 315
    },
    _IWPC,
)
CYP3A5_ALLELES = Frequencies(
    {"white": {"*3": 0.943, "*6": 0.003}, "asian": {"*3": 0.723}, "black": {"*3": 0.283, "*6": 0.154}},
    f"{_ZHOU}; other alleles that express nothing count as *3",
)
CYP3A4_ALLELES = Frequencies({"white": {"*22": 0.05}, "asian": {"*22": 0.0}, "black": {"*22": 0.0008}}, _ZHOU)
