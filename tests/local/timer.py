"""A function of the lab, which schedules and messages wake."""

from tests.local.diary import Diary

diary = Diary()
handler = diary.handler
