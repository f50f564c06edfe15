"""Forms: in which of its forms an answer is wanted: `?format=`, else the header Accept."""

from starlette.requests import Request

from panakeia.api.problems import NoSuchForm, NotAsked
from panakeia.desk.tables import FORMS, Form

_TYPES = {media.partition(";")[0]: form for form, media in FORMS.items()}


def form_of(request: Request) -> Form:
    """Return the form that a request wants; raises `NotAsked` for a format that there is not, `NoSuchForm`."""
    named = request.query_params.getlist("format")
    if named:
        if len(named) > 1 or named[0] not in FORMS:
            raise NotAsked(f"expected format to be one of {', '.join(FORMS)}, given once")
        return named[0]
    return accepted(", ".join(request.headers.getlist("accept")))


def accepted(header: str) -> Form:
    """Return the form that a header Accept likes best; of equals the first of `FORMS` (RFC 9110, section 12.5.1).

    >>> accepted("text/csv;q=0.9, application/json;q=0.5"), accepted("")
    ('csv', 'json')
    """
    if not header.strip():
        return "json"
    likes: dict[Form, tuple[int, float]] = {}
    for part in header.split(","):
        media, _, rest = part.strip().lower().partition(";")
        quality = _quality(rest)
        for known, form in _TYPES.items():
            exact = _exactness(media.strip(), known)
            if exact > likes.get(form, (0, 0.0))[0]:
                likes[form] = exact, quality
    best = max(FORMS, key=lambda form: likes.get(form, (0, 0.0))[1])
    if likes.get(best, (0, 0.0))[1] <= 0:
        raise NoSuchForm(f"expected Accept to allow one of {', '.join(_TYPES)}; or give ?format=")
    return best


def _exactness(asked: str, known: str) -> int:
    """Return how exactly a range of media types names one: 0 where it does not."""
    if asked == known:
        return 3
    if asked == f"{known.partition('/')[0]}/*":
        return 2
    return 1 if asked == "*/*" else 0


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
