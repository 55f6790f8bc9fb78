select
    article as offer_id,
    title as name,
    sold_from as valid_from,
    phases as stages,
    size_classes as segments,
    text as description
from quote_catalogue
