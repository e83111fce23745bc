"""Tells PyInstaller what it cannot see in the imports: names imported on first use, and the files of the package."""

from PyInstaller.utils.hooks import collect_data_files, collect_submodules

hiddenimports = collect_submodules("spoilerguard", filter=lambda name: "__pyinstaller" not in name)
datas = collect_data_files("spoilerguard")
