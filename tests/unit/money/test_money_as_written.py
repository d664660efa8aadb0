"""An amount as people read it: a tenth of a yen and a hundredth of a cent are there, and noughts are not."""

from decimal import Decimal

import pytest

from toritsugi.money.currencies import write_money


@pytest.mark.parametrize(
    ("amount", "currency", "english", "japanese"),
    [
        ("34.4", "JPY", "¥34.4", "34.4円"),
        ("64.0", "JPY", "¥64", "64円"),
        ("1234567", "JPY", "¥1,234,567", "1,234,567円"),
        ("5.43215", "JPY", "¥5.4322", "5.4322円"),
        ("0", "JPY", "¥0", "0円"),
        ("0.74", "USD", "$0.74", "0.74ドル"),
        ("0.7", "USD", "$0.70", "0.70ドル"),
        ("980", "USD", "$980.00", "980.00ドル"),
        ("0.0746", "USD", "$0.0746", "0.0746ドル"),
        ("-12.5", "USD", "-$12.50", "-12.50ドル"),
        ("1E+3", "JPY", "¥1,000", "1,000円"),
        ("1.5", "EUR", "EUR 1.50", "1.50 EUR"),
    ],
)
def test_money_is_written_in_english_and_japanese(amount, currency, english, japanese):
    assert write_money(Decimal(amount), currency) == english
    assert write_money(Decimal(amount), currency, "ja") == japanese
