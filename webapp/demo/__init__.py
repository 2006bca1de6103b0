"""The demonstration: a cast (which the tests share) and three weeks of its story."""
