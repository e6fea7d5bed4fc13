"""How far annotators agree, where they do not, and a page that shows it."""

from annotators.agreement.coefficients import cohens_kappa, of_ratings
from annotators.agreement.gather import Chosen
from annotators.agreement.measure import agreement
from annotators.agreement.report import ALL, AgreementReport

__all__ = ["ALL", "AgreementReport", "Chosen", "agreement", "cohens_kappa", "of_ratings"]
