"""A function of the lab, which changes of a table wake."""

from tests.local.diary import Diary

diary = Diary()
handler = diary.handler
